/** Names and secrets of the hub under test. */
export const TOKEN = 'the token of this session'
export const KEY = 'the-key+of/this=session'
export const KEY_NAME = 'RootManageSharedAccessKey'
export const HUB = 'weather'
export const GROUPS = ['$Default', 'stream-analytics', 'monitor']
