// Checks the form of an http or https URL. lib/callback/guard.ts decides to which URLs requests may go.
import { text, titled } from './field.ts';

export const HTTP_URL = /^[Hh][Tt][Tt][Pp][Ss]?:\/\/[^\s/]\S*$/;

/** The schema of a text field that holds an http or https URL. */
export const httpUrl = (title: string, description: string) =>
  titled(
    text(2_048).regex(HTTP_URL, 'must be a URL that starts with https:// and has no spaces'),
    title,
    description,
  );
