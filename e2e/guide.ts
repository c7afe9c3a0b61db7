/**
 * The programs of the user guide (“Using API Keys in Applications”), letter for letter: what people copy must work.
 * A test replaces only the address and the key.
 */
export const guideBody = `{
  "model": "gpt-4",
  "messages": [
    {"role": "user", "content": "Hello, world!"}
  ]
}`

export const guidePython = `import requests

AIC_API_KEY = "YOUR_AIC_API_KEY"
AIC_URL = "https://your-aic-server:9090/work"

headers = {
    "Authorization": f"Bearer {AIC_API_KEY}",
    "Content-Type": "application/json"
}

payload = {
    "model": "gpt-4",
    "messages": [
        {"role": "user", "content": "Hello, world!"}
    ]
}

response = requests.post(AIC_URL, json=payload, headers=headers)
print(response.json())
`

export const guideJavaScript = `const AIC_API_KEY = 'YOUR_AIC_API_KEY';
const AIC_URL = 'https://your-aic-server:9090/work';

async function queryAIC(prompt) {
  const response = await fetch(AIC_URL, {
    method: 'POST',
    headers: {
      'Authorization': \`Bearer \${AIC_API_KEY}\`,
      'Content-Type': 'application/json'
    },
    body: JSON.stringify({
      model: 'gpt-4',
      messages: [
        {role: 'user', content: prompt}
      ]
    })
  });

  return await response.json();
}
`
