import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { API_NAMES } from '../model/operation';
import { CodegenError } from '../model/json';

/** An upstream checkout: the folder that holds `api/`, and the folder it was asked for. */
export interface Checkout {
  readonly data: string;
  readonly root: string;
}

/** Finds the data of a checkout given its root, its `data` folder or its `data/api` folder. */
export function findCheckout(given: string): Checkout {
  const path = resolve(given);
  const holds = (folder: string): boolean => API_NAMES.some((api) => existsSync(join(folder, api)));
  for (const [data, root] of [
    [join(path, 'data'), path],
    [path, basename(path) === 'data' ? dirname(path) : path],
    [dirname(path), dirname(dirname(path))],
  ] as const) {
    if (holds(join(data, 'api')) && (data !== dirname(path) || basename(path) === 'api')) return { data, root };
  }
  throw new CodegenError(`${given} holds no specification data (api/<name>/*.yaml was looked for)`);
}
