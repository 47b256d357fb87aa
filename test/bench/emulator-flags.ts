// Node's flags for a process of emulators: its garbage is collected seldom, because AWS's stores have no such pauses.
export const EMULATOR_FLAGS = ['--min-semi-space-size=64', '--max-semi-space-size=64'];
