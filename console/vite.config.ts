import ui from '@nuxt/ui/vite'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'
import { compress } from './vite/compress.ts'
import { strictCsp } from './vite/strict-csp.ts'

// The server compares the origin of a request with its own address, so the proxy speaks as that address.
const target = 'http://127.0.0.1:9090'
const server = { target, changeOrigin: true, headers: { origin: target } }

export default defineConfig({
  plugins: [
    strictCsp(),
    vue(),
    ui({
      // Our own ui/colorMode.ts: the one of the library writes a style element at each change, which strict CSP refuses.
      colorMode: false,
      autoImport: false,
      components: { dts: 'generated/components.d.ts', dirs: [] },
      icon: { clientBundle: { scan: { globInclude: ['src/**/*.vue', 'src/**/*.ts'] }, sizeLimitKb: 512 } },
      theme: { defaultVariants: { color: 'neutral', size: 'md' } },
      ui: {
        // The library's hover is too pale for the text on it.
        button: {
          compoundVariants: [
            { color: 'primary', variant: 'solid', class: 'hover:bg-primary/90 active:bg-primary/85' },
            { color: 'error', variant: 'solid', class: 'hover:bg-error/90 active:bg-error/85' },
            { color: 'neutral', variant: 'solid', class: 'hover:bg-inverted/90 active:bg-inverted/85' },
          ],
        },
        // The library lets a low screen cut the title, and the cross lie on the words.
        modal: { slots: { header: 'shrink-0 pe-14 sm:pe-14', wrapper: 'min-w-0 wrap-anywhere' } },
        slideover: { slots: { header: 'shrink-0 pe-14 sm:pe-14', wrapper: 'min-w-0 wrap-anywhere' } },
        colors: { primary: 'blue', neutral: 'zinc', success: 'emerald', warning: 'amber', error: 'red', info: 'sky' },
      },
    }),
    compress(),
  ],
  server: {
    host: '127.0.0.1',
    proxy: { '/graphql': server, '/work': server },
  },
  build: {
    outDir: 'dist',
    target: 'es2022',
    // Small files stay files: a data: URL would need a wider font-src and img-src.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 900,
  },
})
