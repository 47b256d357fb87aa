// CloudFormation's intrinsic functions, as far as our template uses them: Ref, Fn::GetAtt, Fn::Sub, Fn::Join, Fn::Split and
// the pseudo parameters. Any other function is an error; no value is left unresolved.
import { isObject } from '#lib/item/json.ts';

/** The identifiers of a created resource: its `Ref` and its attributes. */
export type Physical = { ref: string; attributes: Record<string, string> };

export type ResourceNames = {
  region: string;
  accountId: string;
  /** Undefined: `aws`. */
  partition?: string;
  resources: ReadonlyMap<string, Physical>;
};

/** Returns the value with every intrinsic function in it replaced; throws with the path of what it can't replace. */
export function resolve(value: unknown, names: ResourceNames, path = ''): unknown {
  if (Array.isArray(value)) return value.map((item, index) => resolve(item, names, `${path}[${index}]`));
  if (!isObject(value)) return value;
  const [first, ...others] = Object.entries(value);
  if (first !== undefined && others.length === 0) {
    const [key, argument] = first;
    if (key === 'Ref') return refOf(text(argument, path), names, path);
    if (key === 'Fn::GetAtt') return attributeOf(argument, names, path);
    if (key === 'Fn::Sub') return substitute(argument, names, path);
    if (key === 'Fn::Join') return join(argument, names, path);
    if (key === 'Fn::Split') return split(argument, names, path);
    if (key.startsWith('Fn::') || key === 'Condition')
      throw new Error(`${path}: ${key} is not supported here`);
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      resolve(item, names, path === '' ? key : `${path}.${key}`),
    ]),
  );
}

function refOf(name: string, names: ResourceNames, path: string): string {
  const pseudo: Record<string, string> = {
    'AWS::Region': names.region,
    'AWS::AccountId': names.accountId,
    'AWS::Partition': names.partition ?? 'aws',
    'AWS::URLSuffix': 'amazonaws.com',
    'AWS::StackName': 'local',
    'AWS::StackId': `arn:aws:cloudformation:${names.region}:${names.accountId}:stack/local/local`,
  };
  return pseudo[name] ?? physical(name, names, path).ref;
}

function attributeOf(argument: unknown, names: ResourceNames, path: string): string {
  const [name = '', ...rest] =
    typeof argument === 'string' ? argument.split('.') : list(argument, path).map((part) => text(part, path));
  const attribute = rest.join('.');
  const value = physical(name, names, path).attributes[attribute];
  if (value === undefined) throw new Error(`${path}: ${name} has no attribute ${attribute} here`);
  return value;
}

function substitute(argument: unknown, names: ResourceNames, path: string): string {
  const [template, own] = typeof argument === 'string' ? [argument, {}] : list(argument, path);
  const variables = isObject(own) ? own : {};
  return text(template, path).replace(/\$\{(!?)([^}]+)\}/g, (whole, literal: string, name: string) => {
    if (literal === '!') return whole.replace('!', '');
    if (name in variables) return String(resolve(variables[name], names, path));
    return name.includes('.') ? attributeOf(name, names, path) : refOf(name, names, path);
  });
}

function join(argument: unknown, names: ResourceNames, path: string): string {
  const [delimiter, parts] = list(argument, path);
  return list(resolve(parts, names, path), path)
    .map(String)
    .join(text(delimiter, path));
}

function split(argument: unknown, names: ResourceNames, path: string): string[] {
  const [delimiter, whole] = list(argument, path);
  return text(resolve(whole, names, path), path).split(text(delimiter, path));
}

function physical(name: string, names: ResourceNames, path: string): Physical {
  const found = names.resources.get(name);
  if (found === undefined) throw new Error(`${path}: nothing called ${name} exists here (yet)`);
  return found;
}

function text(value: unknown, path: string): string {
  if (typeof value === 'string') return value;
  throw new Error(`${path}: expected a string`);
}

function list(value: unknown, path: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw new Error(`${path}: expected a list`);
}
