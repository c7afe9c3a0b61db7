import ui from '@nuxt/ui/vue-plugin'
import urql from '@urql/vue'
import { createApp } from 'vue'
import { z } from 'zod'
import App from './App.vue'
import { client } from './client.ts'
import './main.css'
import { router } from './router.ts'

// zod compiles its checks with `new Function` where it can, which strict CSP refuses and reports.
z.config({ jitless: true })

createApp(App).use(router).use(ui).use(urql, client).mount('#app')
