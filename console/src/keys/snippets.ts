export type Snippet = { readonly value: string; readonly label: string; readonly code: string }

/**
 * Programs that work as they stand: the secret, the address and a model this key may use are filled in.
 * Secrets and model names are made of characters that need no escaping in any of these languages.
 */
export function toSnippets(secret: string, origin: string, model: string): readonly Snippet[] {
  const url = `${origin}/work`
  const curl = `curl ${url} \\
  -H "Authorization: Bearer ${secret}" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "${model}", "messages": [{"role": "user", "content": "Hello, world!"}]}'`
  const python = `import requests

AIC_API_KEY = "${secret}"
AIC_URL = "${url}"

response = requests.post(
    AIC_URL,
    headers={"Authorization": f"Bearer {AIC_API_KEY}"},
    json={
        "model": "${model}",
        "messages": [{"role": "user", "content": "Hello, world!"}],
    },
)
print(response.json())`
  const javascript = `const AIC_API_KEY = '${secret}'
const AIC_URL = '${url}'

const response = await fetch(AIC_URL, {
  method: 'POST',
  headers: {
    Authorization: \`Bearer \${AIC_API_KEY}\`,
    'Content-Type': 'application/json',
  },
  body: JSON.stringify({
    model: '${model}',
    messages: [{ role: 'user', content: 'Hello, world!' }],
  }),
})
console.log(await response.json())`
  const env = `AIC_API_KEY=${secret}
AIC_URL=${url}
# Programs made for the OpenAI SDK need only these two:
OPENAI_API_KEY=${secret}
OPENAI_BASE_URL=${url}`
  return [
    { value: 'curl', label: 'curl', code: curl },
    { value: 'python', label: 'Python', code: python },
    { value: 'javascript', label: 'JavaScript', code: javascript },
    { value: 'env', label: '.env', code: env },
  ]
}
