import { AppError } from '@agent-platform/errors';
import ipaddr from 'ipaddr.js';

type Range = ReturnType<typeof ipaddr.parseCIDR>;

/** Which addresses may be called. */
export interface AddressRules {
  /** Ranges the operator allows although they are not public. */
  readonly allowed: readonly Range[];
}

/** The ranges to allow on a developer's machine. */
export const LOOPBACK_ADDRESSES: readonly string[] = ['127.0.0.0/8', '::1/128'];

/**
 * Where clouds answer their machines' questions for credentials; refused also inside of a range that is allowed.
 * Azure's 168.63.129.16 is public by its number; the others are link-local, unique local or shared addresses.
 */
const METADATA_ADDRESSES: ReadonlySet<string> = new Set([
  '169.254.169.254',
  '168.63.129.16',
  '100.100.100.200',
  '192.0.0.192',
  'fd00:ec2::254',
  'fd20:ce::254',
]);

/** The only range of IPv6 that is handed out for the public internet: https://www.rfc-editor.org/rfc/rfc4291#section-2.4 */
const GLOBAL_IPV6 = ipaddr.parseCIDR('2000::/3');

/**
 * @param allowedAddresses - addresses or ranges such as `10.0.0.0/8` that may be called although they are not public.
 * @throws AppError `address_range_invalid`
 */
export function createAddressRules(allowedAddresses: readonly string[]): AddressRules {
  return { allowed: allowedAddresses.map(parseRange) };
}

/** How operators write ranges in a variable of the environment; for `variable.parsed`. */
export const ADDRESS_RANGES = {
  expected: 'addresses or ranges such as 10.0.0.0/8, with commas between',
  parse(text: string): readonly string[] | undefined {
    const ranges = text.split(',').map((range) => range.trim());
    return ranges.every(isRange) ? ranges : undefined;
  },
};

function isRange(text: string): boolean {
  return ipaddr.isValid(text) || ipaddr.isValidCIDR(text);
}

function parseRange(text: string): Range {
  try {
    if (text.includes('/')) return ipaddr.parseCIDR(text);
    const address = ipaddr.parse(text);
    return [address, address.kind() === 'ipv4' ? 32 : 128] as Range;
  } catch (cause) {
    const message = `"${text}" is no address range; write it like 10.0.0.0/8 or fd00::/8.`;
    throw new AppError('invalid_argument', 'address_range_invalid', message, { cause });
  }
}

/** Whether a literal address may be called: it is public, or the operator allows it. Anything unreadable may not. */
export function isAllowedAddress(text: string, rules: AddressRules): boolean {
  if (!ipaddr.isValid(text)) return false;
  // An IPv4 address dressed as IPv6 (::ffff:10.0.0.1) is judged as what it is.
  const address = ipaddr.process(text);
  if (METADATA_ADDRESSES.has(address.toString())) return false;
  const isAllowed = rules.allowed.some((range) => range[0].kind() === address.kind() && address.match(range));
  return isAllowed || (address.range() === 'unicast' && (address.kind() === 'ipv4' || address.match(GLOBAL_IPV6)));
}
