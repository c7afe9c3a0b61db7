import { type FakeProvider, startFakeProvider } from './fake-provider.ts'
import { type Product, type ProductOptions, startProduct } from './product/process.ts'
import { type Admin, type Key, type ProviderHandle, setUp } from './product/world.ts'

/** The product with an administrator, the fake provider behind it, and one key that works. */
export type World = {
  readonly product: Product
  readonly fake: FakeProvider
  readonly admin: Admin
  readonly provider: ProviderHandle
  readonly key: Key
  readonly close: () => Promise<void>
}

/** Starts everything that a test of `/work` needs. Close it, or its processes outlive the test. */
export async function openWorld(options: ProductOptions = {}): Promise<World> {
  const fake = await startFakeProvider({ credential: 'sk-fake-credential' })
  const product = await startProduct(options)
  const close = async (): Promise<void> => {
    await product.stop()
    await fake.close()
  }
  try {
    const admin = await setUp(product)
    // People who are no administrators may use only what a rule gives them.
    const everything = { name: 'Everybody may use everything', effect: 'ALLOW', modelPattern: '.*' }
    await admin.api.mutate('createRule', everything, 'rule { id }')
    const provider = await admin.provider(fake)
    const key = await admin.key(provider)
    return { product, fake, admin, provider, key, close }
  } catch (error) {
    await close()
    throw new Error(`the world could not be set up; the product said:\n${product.output()}`, { cause: error })
  }
}
