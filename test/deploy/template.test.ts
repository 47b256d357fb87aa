// What is deployed, read by AWS's own linter of CloudFormation templates: errors and warnings are failures.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { TEMPLATE_FILE } from '#lib/local/template.ts';
import { cliIn } from '#test/support/deployment.ts';
import { pythonTool } from '#test/support/python-tools.ts';

const checkout = inject('checkout');
const cli = cliIn(checkout, inject('endpointUrl'));

// The CLI writes a DependsOn that is not needed; and a condition on a parameter is settled when it is packaged.
const NOT_OURS = ['W3005', 'W1033', 'W8003'];

test.each(['dev', 'prod'])('the template of the stage %s is valid', async (stage) => {
  await cli.serverless(stage, 'package');
  const template = join(checkout, TEMPLATE_FILE);
  const { stdout, stderr, status } = spawnSync(
    pythonTool('cfn-lint'),
    ['--ignore-checks', ...NOT_OURS, '--template', template],
    { encoding: 'utf8' },
  );
  expect({ said: `${stdout}${stderr}`, status }).toEqual({ said: '', status: 0 });
});
