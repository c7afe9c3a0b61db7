import { readSettings } from '../users/installation.store.ts'
import type { InstallationSettings } from '../users/installation.ts'
import type { Act } from '../users/viewer.ts'

export const getInstallationSettings = ({ parts }: Act): Promise<InstallationSettings> => readSettings(parts.db.pool)
