import ui from '@nuxt/ui/vite'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'
import { compress } from './vite/compress.ts'
import { strictCsp } from './vite/strict-csp.ts'

const server = 'http://127.0.0.1:9090'

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
