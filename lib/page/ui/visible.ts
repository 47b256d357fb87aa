// Texts of items, messages and answers are hostile: characters that control the direction or the look of a line are shown by
// their number. Every text and title of the page passes here, by a hook of Preact.
import { options, type VNode } from 'preact';

/** Line breaks and tabs stay: they have no effect outside of preformatted text. */
const UNSEEN = /(?![\n\t])[\p{Cc}\p{Cf}\p{Co}\u2028\u2029]/gu;

/** Returns the text with each control and format character as its number, such as ⟨U+202E⟩. */
export const visible = (text: string): string =>
  text.replace(
    UNSEEN,
    (character) => `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`,
  );

/** The attributes of an element that people can read, besides its text. */
const SHOWN = ['title', 'aria-label', 'placeholder', 'alt'] as const;

type Props = { children?: unknown } & { [name in (typeof SHOWN)[number]]?: unknown };

function shownChild(child: unknown): unknown {
  if (Array.isArray(child)) return child.map(shownChild);
  return typeof child === 'string' ? visible(child) : child;
}

/**
 * From now on, all elements show control characters in their texts as numbers. Texts that a person types into a field are
 * not changed.
 */
export function showTextsSafely(): void {
  const before = options.vnode;
  options.vnode = (vnode: VNode) => {
    const props = vnode.props as Props;
    if (typeof vnode.type === 'string' && typeof props === 'object' && props !== null) {
      if ('children' in props) props.children = shownChild(props.children);
      for (const name of SHOWN) if (name in props) props[name] = shownChild(props[name]);
    }
    before?.(vnode);
  };
}
