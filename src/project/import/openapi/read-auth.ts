import { IceError } from '../../../contracts/errors.ts';
import { isMap, type JsonMap } from '../json-pointer.ts';
import { constant } from '../source-text.ts';
import type { Auth } from './api.ts';
import type { Place } from './read-api.ts';

export type ReadAuth = Auth[];

/** How an operation proves who calls: the first of the document's ways that can be done here. */
export function readSecurity(at: Place, root: JsonMap, operation: JsonMap, api: string): ReadAuth {
  const said = operation['security'] ?? root['security'];
  if (!Array.isArray(said) || said.length === 0) return [];
  const schemes = at.references.resolve('#/components/securitySchemes');
  const ways = said.filter(isMap);
  // A secret that is declared must exist, so a call that may go without one does.
  if (ways.some((way) => Object.keys(way).length === 0)) return [];
  let why = '';
  for (const way of ways) {
    const auth: Auth[] = [];
    let fits = true;
    for (const name of Object.keys(way)) {
      const known = isMap(schemes) && Object.hasOwn(schemes, name) ? schemes[name] : undefined;
      const scheme = at.references.follow(known, ['components', 'securitySchemes', name]);
      const read = isMap(scheme) ? authOf(scheme, api) : undefined;
      if (read === undefined) {
        why = isMap(scheme)
          ? `it needs the authentication ${name} (${String(scheme['scheme'] ?? scheme['type'])}), which a tool can't do`
          : `it needs the authentication ${name}, which the document does not describe`;
        fits = false;
        break;
      }
      auth.push(read);
    }
    if (fits) return numbered(auth);
  }
  at.problem ??= `${why}; say another way: --auth bearer`;
  return [];
}

function authOf(scheme: JsonMap, api: string): Auth | undefined {
  const prefix = constant(api);
  switch (scheme['type']) {
    case 'http':
      if (/^bearer$/i.test(String(scheme['scheme']))) return { kind: 'bearer', secret: `${prefix}_TOKEN` };
      if (/^basic$/i.test(String(scheme['scheme'])))
        return { kind: 'basic', user: `${prefix}_USER`, password: `${prefix}_PASSWORD` };
      return undefined;
    // A token is got elsewhere, and sent like any bearer token.
    case 'oauth2':
    case 'openIdConnect':
      return { kind: 'bearer', secret: `${prefix}_TOKEN` };
    case 'apiKey': {
      const { in: place, name } = scheme;
      if (typeof name !== 'string' || (place !== 'header' && place !== 'query' && place !== 'cookie'))
        return undefined;
      if (place !== 'query' && !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) return undefined;
      return { kind: place, name, secret: `${prefix}_API_KEY` };
    }
    default:
      return undefined;
  }
}

/** Two keys that are both needed are two secrets. */
function numbered(auth: Auth[]): Auth[] {
  const seen = new Set<string>();
  return auth.map((each) => {
    if (each.kind === 'basic') return each;
    let { secret } = each;
    if (seen.has(secret)) secret = 'name' in each ? `${secret}_${constant(each.name)}` : `${secret}_2`;
    seen.add(secret);
    return { ...each, secret };
  });
}

/**
 * `none`, `bearer`, `basic`, `header:X-Api-Key`, `query:api_key`; after `=` the name of the secret:
 * `bearer=GITHUB_TOKEN`.
 */
export function parseAuth(text: string, api: string): ReadAuth {
  const match =
    /^(none|bearer|basic|(?:header|query):[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100})(?:=([A-Z][A-Z0-9_]{0,99}))?$/.exec(
      text,
    );
  if (!match)
    throw new IceError('usage', `--auth ${text.slice(0, 60)} is no way to prove who calls.`, {
      hint: 'One of none, bearer, basic, header:X-Api-Key, query:api_key; after = the name of the secret: bearer=GITHUB_TOKEN',
    });
  const [, way, secret] = match;
  const prefix = constant(api);
  if (way === 'none') return [];
  if (way === 'bearer') return [{ kind: 'bearer', secret: secret ?? `${prefix}_TOKEN` }];
  if (way === 'basic')
    return [{ kind: 'basic', user: `${secret ?? prefix}_USER`, password: `${secret ?? prefix}_PASSWORD` }];
  const [kind, name] = way!.split(':') as ['header' | 'query', string];
  return [{ kind, name, secret: secret ?? `${prefix}_API_KEY` }];
}
