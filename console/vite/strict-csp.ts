import type { Plugin } from 'vite'

const injectedColors = /@nuxt[/+]ui.*\/dist\/runtime\/plugins\/colors\.js$/
const viewport = /reka-ui\/dist\/.*Viewport\.js$/
const iconLoader = /@iconify\/vue\/dist\/iconify\.mjs$/
const iconHosts = /https:\/\/api\d?\.(?:iconify\.design|simplesvg\.com|unisvg\.com)/g

/**
 * Takes out of the libraries what the console's strict CSP would refuse and report:
 * Nuxt UI's style element of colour variables (they stand in main.css instead), the style elements with which Reka's
 * viewports hide a scrollbar, and the hosts from which Iconify would fetch an icon that is missing in the bundle.
 */
export function strictCsp(): Plugin {
  return {
    name: 'strict-csp',
    enforce: 'pre',
    transform(code, id) {
      const [file = ''] = id.split('?')
      if (injectedColors.test(file)) return { code: 'export default { install() {} }', map: null }
      if (viewport.test(file)) return { code: code.replaceAll('as: "style"', 'as: "noscript"'), map: null }
      if (iconLoader.test(file)) return { code: code.replaceAll(iconHosts, '/missing-icon'), map: null }
      return null
    },
  }
}
