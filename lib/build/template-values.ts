// Gives serverless.yml the values of the table of parameters: the defaults of each stage, and each parameter as it is given.
// serverless.yml reads it through template-values.cjs.
import { parameterList } from '#lib/deployment/parameters.ts';

// biome-ignore lint/suspicious/noTemplateCurlyInString: serverless fills it in.
const STAGE = '${sls:stage}';

/** serverless.yml's `params`: a section of defaults, and one for each stage that has others. */
export function params(): Record<string, Record<string, string | number>> {
  const sections: Record<string, Record<string, string | number>> = { default: {} };
  const put = (section: string, name: string, value: string | number) => {
    const text = typeof value === 'number' ? value : value.replace('<stage>', STAGE);
    sections[section] = { ...sections[section], [name]: text };
  };
  for (const { name, default: value, stages = {} } of parameterList()) {
    put('default', name, value);
    for (const [stage, other] of Object.entries(stages)) put(stage, name, other);
  }
  return sections;
}

/** Each parameter as serverless resolves it: of the command line, of the stage, or the default. */
export const given = (): Record<string, string> =>
  Object.fromEntries(parameterList().map(({ name }) => [name, `\${param:${name}}`]));
