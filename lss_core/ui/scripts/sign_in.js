export default ({ data, parentElement }) => {
  speak(data.texts)
  const form = parentElement.querySelector("form")
  const say = form.querySelector("[role=alert]")
  const button = form.querySelector("button")
  const [name, password, shown] = form.querySelectorAll("label span")
  const invitation = window.location.hash.match(/^#join=([\w-]+)$/)?.[1]
  name.textContent = t("Name")
  password.textContent = invitation ? t("Password, 10 characters at least") : t("Password")
  const invited = form.querySelector(".lss-invited")
  invited.textContent = t("You are invited to a reader study. Choose the name and the password that you will sign in with.")
  invited.hidden = !invitation
  shown.textContent = t("Shown to others as")
  form.elements.password.minLength = invitation ? 10 : 0
  shown.parentElement.hidden = !invitation
  form.elements.password.autocomplete = invitation ? "new-password" : "current-password"
  button.textContent = invitation ? t("Accept the invitation") : t("Sign in")
  form.onkeydown = (event) => event.stopPropagation()
  form.onsubmit = async (event) => {
    event.preventDefault()
    say.hidden = true
    button.disabled = true
    try {
      const fields = Object.fromEntries(new FormData(form))
      const answer = await fetch(invitation ? "/session/accept" : "/session/sign-in", {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-LSS-Request": "1" },
        body: JSON.stringify(invitation ? { ...fields, token: invitation } : fields),
      })
      if (answer.ok && invitation) return window.location.replace("/")
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
