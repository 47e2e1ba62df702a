export default ({ data, parentElement }) => {
  speak(data.texts)
  const [mode, out] = parentElement.querySelectorAll("button")
  const choice = parentElement.querySelector("select")
  const light = localStorage.getItem("lss_mode") === "light"
  const post = (path, body) =>
    fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-LSS-Request": "1" },
      body: JSON.stringify(body ?? {}),
    })
  parentElement.querySelector("label span").textContent = t("Language")
  choice.replaceChildren(...data.languages.map(([value, name]) => new Option(name, value)))
  choice.value = data.texts.language
  choice.onchange = async () => {
    if ((await post("/session/language", { language: choice.value })).ok) window.location.reload()
  }
  mode.textContent = light ? t("Dark look") : t("Light look")
  mode.onclick = () => {
    localStorage.setItem("lss_mode", light ? "dark" : "light")
    window.location.reload()
  }
  out.textContent = t("Sign out")
  out.onclick = async () => {
    await post("/session/sign-out")
    window.location.assign("/")
  }
}
