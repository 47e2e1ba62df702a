export default ({ data, parentElement }) => {
  speak(data.texts)
  const form = parentElement.querySelector("form")
  const say = form.querySelector("[role=alert]")
  const button = form.querySelector("button")
  const [old, fresh] = form.querySelectorAll("label span")
  old.parentElement.hidden = !data.has_one
  old.textContent = t("Password until now")
  fresh.textContent = t("New password, 10 characters at least")
  button.textContent = data.has_one ? t("Change the password") : t("Set the password")
  form.onkeydown = (event) => event.stopPropagation()
  form.onsubmit = async (event) => {
    event.preventDefault()
    button.disabled = true
    try {
      const answer = await fetch("/session/password", {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-LSS-Request": "1" },
        body: JSON.stringify(Object.fromEntries(new FormData(form))),
      })
      if (answer.status === 401) return window.location.reload()
      say.textContent = answer.ok
        ? t("The new password holds. Your other sign-ins have ended.")
        : (await answer.json()).message
      if (answer.ok) form.reset()
    } catch {
      say.textContent = t("The server does not answer. Try again in a moment.")
    }
    say.hidden = false
    button.disabled = false
  }
}
