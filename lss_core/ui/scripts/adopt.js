export default async ({ data }) => {
  const answer = await fetch("/session/adopt", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-LSS-Request": "1" },
    body: JSON.stringify({ token: data.token }),
  })
  if (answer.ok) window.location.replace("/")
}
