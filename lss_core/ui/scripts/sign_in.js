export default ({ data, parentElement }) => {
  speak(data.texts)
  const form = parentElement.querySelector("form")
  const say = form.querySelector("[role=alert]")
  const button = form.querySelector("button")
  const [name, password] = form.querySelectorAll("label span")
  name.textContent = t("Name")
  password.textContent = t("Password")
  button.textContent = t("Sign in")
  form.onkeydown = (event) => event.stopPropagation()
  form.onsubmit = async (event) => {
    event.preventDefault()
    say.hidden = true
    button.disabled = true
    try {
      const answer = await fetch("/session/sign-in", {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-LSS-Request": "1" },
        body: JSON.stringify(Object.fromEntries(new FormData(form))),
      })
      if (answer.ok) return window.location.reload()
      say.textContent = (await answer.json()).message
    } catch {
      say.textContent = t("The server does not answer. Try again in a moment.")
    }
    say.hidden = false
    button.disabled = false
    form.elements.password.select()
  }
  form.elements.name.focus()
}
