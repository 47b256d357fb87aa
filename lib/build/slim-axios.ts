import type { Plugin } from 'esbuild';
export const slimAxios = (): Plugin => ({ name: 'slim-axios', setup() {} });
