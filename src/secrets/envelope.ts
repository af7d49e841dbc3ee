import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { IceError } from '../contracts/errors.ts';
import type { MasterKey, MasterKeys } from './master-keys.ts';
import type { SealedPart, SealedValue } from './port.ts';

const CIPHER = 'aes-256-gcm';

function encrypt(key: Buffer, text: Buffer, about: string): SealedPart {
  const iv = randomBytes(12);
  const cipher = createCipheriv(CIPHER, key, iv).setAAD(Buffer.from(about));
  const sealed = Buffer.concat([cipher.update(text), cipher.final()]);
  return {
    iv: iv.toString('base64'),
    tag: cipher.getAuthTag().toString('base64'),
    text: sealed.toString('base64'),
  };
}

function decrypt(key: Buffer, part: SealedPart, about: string): Buffer {
  const cipher = createDecipheriv(CIPHER, key, Buffer.from(part.iv, 'base64'), { authTagLength: 16 });
  cipher.setAAD(Buffer.from(about)).setAuthTag(Buffer.from(part.tag, 'base64'));
  return Buffer.concat([cipher.update(Buffer.from(part.text, 'base64')), cipher.final()]);
}

/** `about` (project and name) is sealed in: a row that is moved to another name does not open. */
export function seal(master: MasterKey, value: string, about: string): SealedValue {
  const dataKey = randomBytes(32);
  return {
    v: 1,
    key: master.id,
    dataKey: encrypt(master.bytes, dataKey, `key\0${about}`),
    value: encrypt(dataKey, Buffer.from(value), `value\0${about}`),
  };
}

/** The plain value. Fails with `machine` when its master key is not there, or the row was changed. */
export function open(keys: MasterKeys, sealed: SealedValue, about: string): string {
  const dataKey = openDataKey(keys, sealed, about);
  try {
    return decrypt(dataKey, sealed.value, `value\0${about}`).toString();
  } catch {
    throw changed(about);
  }
}

/** The same value under the current master key. */
export function reseal(keys: MasterKeys, sealed: SealedValue, about: string): SealedValue {
  const dataKey = encrypt(keys.current.bytes, openDataKey(keys, sealed, about), `key\0${about}`);
  return { ...sealed, key: keys.current.id, dataKey };
}

function openDataKey(keys: MasterKeys, sealed: SealedValue, about: string): Buffer {
  const master = keys.byId(sealed.key);
  if (!master) {
    throw new IceError('machine', `${nameOf(about)} is under another master key (${sealed.key})`, {
      hint: 'Add that key after the current one in ICE_MASTER_KEY (new,old) or in its file, or set the secret again.',
      details: { key: sealed.key },
    });
  }
  try {
    return decrypt(master.bytes, sealed.dataKey, `key\0${about}`);
  } catch {
    throw changed(about);
  }
}

const nameOf = (about: string): string => `The secret ${about.split('\0')[1]}`;

const changed = (about: string): IceError =>
  new IceError('machine', `${nameOf(about)} cannot be opened: its row was changed or damaged`, {
    hint: 'Set the secret again, and look for who can write to the database.',
  });
