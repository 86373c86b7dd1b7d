export { ConfigError } from './config-error';
export { loadConfig } from './load';
export type { ListenerConfig, Resource } from './listeners';
export { makeConfig, parseConfig, type Config } from './parse';
export { configurationReference } from './reference';
export type { ConfigInput } from './schema';
