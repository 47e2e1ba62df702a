// The texts of a component in the page's language. The messages are the English texts; the server sends
// what they are in another language with the component's data, as `texts`.

let spoken = { language: "en", messages: {} };

/** Speak the language of what the server has sent; the first thing a component does. */
function speak(sent) {
  spoken = sent;
  document.documentElement.lang = sent.language;
}

/** The message in the page's language, its {names} filled in. */
function t(message, values = {}) {
  return fillIn(spoken.messages[message] ?? message, values);
}

/** As `t`, for a number of things: `n` chooses the form and fills {n}. */
function tn(one, many, n, values = {}) {
  const forms = spoken.messages[one] ?? { one, other: many };
  const form = forms[new Intl.PluralRules(spoken.language).select(n)] ?? forms.other ?? many;
  return fillIn(form, { n, ...values });
}

function fillIn(message, values) {
  return message.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** A number with so many decimals, as the page's language writes it. */
function inDigits(value, digits) {
  return value.toLocaleString(spoken.language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
