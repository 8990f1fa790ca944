// Makes a key pair that a service signs its calls with, or retires the one before.
import { parseArgs } from 'node:util';
import { addServiceKey, retireServiceKeys } from '@agent-platform/auth';
import { AppError } from '@agent-platform/errors';
import { isServiceName, SERVICE_NAMES } from '@agent-platform/runtime';

const HELP = `npm run service-key -- SERVICE --private-key FILE [--public-keys FILE]    makes a key pair
npm run service-key -- SERVICE --retire [--public-keys FILE]              leaves only the newest public key

  SERVICE               ${SERVICE_NAMES.join(', ')}
  --private-key FILE    for the service alone (SERVICE_KEY_FILE); must not exist
  --public-keys FILE    for all services (SERVICE_PUBLIC_KEYS_FILE); default service-keys.json
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'private-key': { type: 'string' },
    'public-keys': { type: 'string', default: 'service-keys.json' },
    retire: { type: 'boolean', default: false },
    help: { type: 'boolean' },
  },
});

if (values.help) console.log(HELP);
else {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

async function main(): Promise<void> {
  const [service, ...more] = positionals;
  const { 'private-key': privateKeyFile, 'public-keys': publicKeysFile, retire } = values;
  if (!isServiceName(service) || more.length > 0 || retire === (privateKeyFile !== undefined)) {
    throw new AppError('invalid_argument', 'option_invalid', `That is not what it takes:\n\n${HELP}`);
  }
  if (privateKeyFile === undefined) {
    const retired = await retireServiceKeys({ service, publicKeysFile });
    console.log(`${publicKeysFile}: ${service} is not known by ${retired.join(', ') || 'any older key'} any more`);
    return;
  }
  const id = await addServiceKey({ service, privateKeyFile, publicKeysFile });
  console.log(`${privateKeyFile}: a secret of ${service}\n${publicKeysFile}: ${service} is known by ${id}`);
}
