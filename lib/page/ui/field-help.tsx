// Shows what the schema of the items says about the field at the cursor.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { Empty, Foreign } from './parts.tsx';
import { type FieldHelp, helpAt, pathAt } from './schema-help.ts';

type Schema = Parameters<typeof helpAt>[0];

/** Explains the field at the cursor of the editor, and the fields beside it. */
export function SchemaHelp({ text, caret }: { readonly text: string; readonly caret: number }) {
  const [schema, setSchema] = useState<Schema | 'missing'>();
  useEffect(() => {
    fetch('/subscription.schema.json')
      .then(async (answer) => setSchema((await answer.json()) as Schema))
      .catch(() => setSchema('missing'));
  }, []);
  const help = useMemo(
    () => (typeof schema === 'object' ? helpAt(schema, pathAt(text, caret)) : undefined),
    [schema, text, caret],
  );
  if (schema === 'missing') return <Empty>The help on fields could not be loaded.</Empty>;
  if (help === undefined) return <Empty>Loading the help on fields.</Empty>;
  return (
    <aside class="help" aria-label="Help on the field at the cursor">
      {help.field === undefined ? (
        <p class="hint">Move the cursor to a field: what it means is shown here.</p>
      ) : (
        <FieldLine field={help.field} isCurrent />
      )}
      {help.beside.length > 0 && (
        <details>
          <summary>All fields of this object ({help.beside.length})</summary>
          {help.beside.map((field) => (
            <FieldLine key={field.name} field={field} />
          ))}
        </details>
      )}
    </aside>
  );
}

function FieldLine({
  field: { name, description, values },
  isCurrent = false,
}: {
  readonly field: FieldHelp;
  readonly isCurrent?: boolean;
}) {
  return (
    <p class={isCurrent ? 'current' : undefined}>
      <code>{name}</code> <span class="hint">{values}</span>
      <br />
      <Foreign>{description}</Foreign>
    </p>
  );
}
