import { type ShallowRef, shallowRef } from 'vue'

/** Anybody may report a leak, from wherever in the console they are. */
export const isReportingLeak: ShallowRef<boolean> = shallowRef(false)
