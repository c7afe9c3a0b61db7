import { createRouter, createWebHistory, type RouteLocationRaw, type RouteRecordRaw } from 'vue-router'
import { canSeeAll, loadViewer, sessionProblem, viewer } from './users/viewer.ts'

declare module 'vue-router' {
  interface RouteMeta {
    readonly title: string
    readonly isPublic?: boolean
    readonly forAll?: boolean
  }
}

const routes: RouteRecordRaw[] = [
  { path: '/', redirect: () => (viewer.value && canSeeAll(viewer.value) ? '/admin/keys' : '/keys') },
  { path: '/setup', component: () => import('./pages/SetupPage.vue'), meta: { title: 'Set up', isPublic: true } },
  { path: '/sign-in', component: () => import('./pages/SignInPage.vue'), meta: { title: 'Sign in', isPublic: true } },
  {
    path: '/set-password',
    component: () => import('./pages/SetPasswordPage.vue'),
    meta: { title: 'Choose a password', isPublic: true },
  },
  { path: '/keys', component: () => import('./pages/MyKeysPage.vue'), meta: { title: 'My API Keys' } },
  { path: '/keys/:id', component: () => import('./pages/KeyPage.vue'), meta: { title: 'API key' } },
  {
    path: '/admin/keys',
    component: () => import('./pages/AdminKeysPage.vue'),
    meta: { title: 'API Keys', forAll: true },
  },
  {
    path: '/admin/providers',
    component: () => import('./pages/ProvidersPage.vue'),
    meta: { title: 'Providers', forAll: true },
  },
  { path: '/admin/rules', component: () => import('./pages/RulesPage.vue'), meta: { title: 'Rules', forAll: true } },
  { path: '/admin/groups', component: () => import('./pages/GroupsPage.vue'), meta: { title: 'Groups', forAll: true } },
  { path: '/admin/limits', component: () => import('./pages/LimitsPage.vue'), meta: { title: 'Limits', forAll: true } },
  { path: '/admin/prices', component: () => import('./pages/PricesPage.vue'), meta: { title: 'Prices', forAll: true } },
  { path: '/admin/users', component: () => import('./pages/UsersPage.vue'), meta: { title: 'Users', forAll: true } },
  {
    path: '/admin/policies',
    component: () => import('./pages/PoliciesPage.vue'),
    meta: { title: 'Policies', forAll: true },
  },
  {
    path: '/admin/policies/:type',
    name: 'policy',
    component: () => import('./pages/PolicyPage.vue'),
    meta: { title: 'Policy', forAll: true },
  },
  {
    path: '/admin/emergency',
    component: () => import('./pages/EmergencyPage.vue'),
    meta: { title: 'Emergency', forAll: true },
  },
  {
    path: '/admin/deliveries',
    component: () => import('./pages/DeliveriesPage.vue'),
    meta: { title: 'Delivery log', forAll: true },
  },
  {
    path: '/admin/audit',
    component: () => import('./pages/AuditPage.vue'),
    meta: { title: 'Audit log', forAll: true },
  },
  {
    path: '/admin/settings',
    component: () => import('./pages/SettingsPage.vue'),
    meta: { title: 'Settings', forAll: true },
  },
  { path: '/notices', component: () => import('./pages/NoticesPage.vue'), meta: { title: 'Notices' } },
  { path: '/limits', redirect: () => (viewer.value && canSeeAll(viewer.value) ? '/admin/limits' : '/usage') },
  { path: '/requests', component: () => import('./pages/RequestsPage.vue'), meta: { title: 'Requests' } },
  { path: '/reviews', component: () => import('./pages/ReviewsPage.vue'), meta: { title: 'Access reviews' } },
  { path: '/reviews/:id', component: () => import('./pages/ReviewPage.vue'), meta: { title: 'Access review' } },
  { path: '/usage', component: () => import('./pages/UsagePage.vue'), meta: { title: 'Usage' } },
  { path: '/logs', component: () => import('./pages/LogsPage.vue'), meta: { title: 'Logs' } },
  { path: '/account', component: () => import('./pages/AccountPage.vue'), meta: { title: 'Account' } },
  { path: '/:rest(.*)*', component: () => import('./pages/NotFoundPage.vue'), meta: { title: 'Not found' } },
]

export const router = createRouter({
  history: createWebHistory(),
  routes,
  scrollBehavior: (to, from, saved) => saved ?? (to.path === from.path ? false : { top: 0 }),
})

router.beforeEach(async (to): Promise<boolean | RouteLocationRaw> => {
  if (viewer.value === undefined) await loadViewer()
  if (to.meta.isPublic || sessionProblem.value !== null) return true
  if (!viewer.value) return { path: '/sign-in', query: to.fullPath === '/' ? {} : { next: to.fullPath } }
  if (to.meta.forAll && !canSeeAll(viewer.value)) return { path: '/keys' }
  return true
})

router.afterEach((to) => {
  document.title = `${to.meta.title} · AI Controller`
})

// A newer server no longer has the files of a page that this tab has not loaded yet: the console is loaded anew, there.
router.onError(async (_error, to, from) => {
  await loadViewer()
  if (sessionProblem.value !== null) return
  if (from.matched.length > 0) location.assign(to.fullPath)
  else sessionProblem.value = { message: 'A part of this page could not be loaded.', requestId: null }
})
