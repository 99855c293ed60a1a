// When versions of common base images stopped, or will stop, getting security updates without a paid contract.
// Source: the vendors' calendars as https://endoflife.date collects them (MIT), as of November 2026.

/** Product, then version and last day. */
const ENDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  node: {
    '8': '2019-12-31',
    '10': '2021-04-30',
    '11': '2019-06-01',
    '12': '2022-04-30',
    '13': '2020-06-01',
    '14': '2023-04-30',
    '15': '2021-06-01',
    '16': '2023-09-11',
    '17': '2022-06-01',
    '18': '2025-04-30',
    '19': '2023-06-01',
    '20': '2026-04-30',
    '21': '2024-06-01',
    '22': '2027-04-30',
    '23': '2025-06-01',
  },
  python: {
    '2': '2020-01-01',
    '2.7': '2020-01-01',
    '3.4': '2019-03-18',
    '3.5': '2020-09-30',
    '3.6': '2021-12-23',
    '3.7': '2023-06-27',
    '3.8': '2024-10-07',
    '3.9': '2025-10-31',
    '3.10': '2026-10-31',
    '3.11': '2027-10-31',
  },
  alpine: {
    '3.8': '2020-05-01',
    '3.9': '2020-11-01',
    '3.10': '2021-05-01',
    '3.11': '2021-11-01',
    '3.12': '2022-05-01',
    '3.13': '2022-11-01',
    '3.14': '2023-05-01',
    '3.15': '2023-11-01',
    '3.16': '2024-05-23',
    '3.17': '2024-11-22',
    '3.18': '2025-05-09',
    '3.19': '2025-11-01',
    '3.20': '2026-04-01',
    '3.21': '2026-11-01',
  },
  debian: { '7': '2018-05-31', '8': '2020-06-30', '9': '2022-06-30', '10': '2024-06-30', '11': '2026-08-31', '12': '2028-06-30' },
  ubuntu: {
    '14.04': '2019-04-25',
    '16.04': '2021-04-30',
    '18.04': '2023-05-31',
    '20.04': '2025-05-31',
    '21.04': '2022-01-20',
    '21.10': '2022-07-14',
    '22.10': '2023-07-20',
    '23.04': '2024-01-25',
    '23.10': '2024-07-11',
    '24.10': '2025-07-10',
  },
  centos: { '6': '2020-11-30', '7': '2024-06-30', '8': '2021-12-31' },
  fedora: { '38': '2024-05-21', '39': '2024-11-26', '40': '2025-05-13' },
  golang: {
    '1.15': '2021-08-16',
    '1.16': '2022-03-15',
    '1.17': '2022-08-02',
    '1.18': '2023-02-01',
    '1.19': '2023-08-08',
    '1.20': '2024-02-06',
    '1.21': '2024-08-13',
    '1.22': '2025-02-11',
    '1.23': '2025-08-12',
  },
  php: {
    '5.6': '2018-12-31',
    '7.0': '2019-01-10',
    '7.1': '2019-12-01',
    '7.2': '2020-11-30',
    '7.3': '2021-12-06',
    '7.4': '2022-11-28',
    '8.0': '2023-11-26',
    '8.1': '2025-12-31',
    '8.2': '2026-12-31',
  },
  ruby: {
    '2.5': '2021-04-05',
    '2.6': '2022-04-12',
    '2.7': '2023-03-31',
    '3.0': '2024-04-23',
    '3.1': '2025-03-26',
    '3.2': '2026-03-31',
  },
  postgres: {
    '9.6': '2021-11-11',
    '10': '2022-11-10',
    '11': '2023-11-09',
    '12': '2024-11-21',
    '13': '2025-11-13',
    '14': '2026-11-12',
  },
  mysql: { '5.6': '2021-02-05', '5.7': '2023-10-31', '8.0': '2026-04-30' },
  mongo: {
    '3.6': '2021-04-30',
    '4.0': '2022-04-30',
    '4.2': '2023-04-30',
    '4.4': '2024-02-29',
    '5.0': '2024-10-31',
    '6.0': '2025-07-31',
  },
  dotnet: {
    '2.1': '2021-08-21',
    '3.1': '2022-12-13',
    '5.0': '2022-05-10',
    '6.0': '2024-11-12',
    '7.0': '2024-05-14',
    '8.0': '2026-11-10',
    '9.0': '2026-11-10',
  },
};

const DEBIAN: Readonly<Record<string, string>> = {
  wheezy: '7',
  jessie: '8',
  stretch: '9',
  buster: '10',
  bullseye: '11',
  bookworm: '12',
};
const UBUNTU: Readonly<Record<string, string>> = { trusty: '14.04', xenial: '16.04', bionic: '18.04', focal: '20.04' };
const NAMES: Readonly<Record<string, string>> = { aspnet: 'dotnet', runtime: 'dotnet', sdk: 'dotnet', 'runtime-deps': 'dotnet' };

export interface EndOfLife {
  readonly product: string;
  readonly version: string;
  /** Milliseconds since 1970, the end of the last day. */
  readonly ended: number;
}

/** The earliest end of what an image's name and tag say is in it: `node:18-buster` is both. Undefined when the table knows none of it. */
export function endOfLife(image: string): EndOfLife | undefined {
  const bare = image.split('@', 1)[0]!;
  const colon = bare.lastIndexOf(':');
  if (colon <= bare.lastIndexOf('/')) return undefined;
  const tag = bare.slice(colon + 1).toLowerCase();
  const path = bare.slice(0, colon).toLowerCase();
  // Only images of Docker's library and Microsoft's, and mirrors that keep their names: others count versions as they like.
  const parts = path.split('/');
  const name = parts.at(-1)!;
  const trusted =
    parts.length === 1 ||
    parts.includes('library') ||
    path.startsWith('mcr.microsoft.com/dotnet') ||
    path.includes('docker/library');
  if (!trusted) return undefined;
  const product = path.includes('dotnet') ? (NAMES[name] ?? name) : name;
  const found = [
    tableEnd(product, versionOf(product, tag)),
    ...systemsOf(tag).map(([system, version]) => tableEnd(system, version)),
  ];
  return found.filter((one) => one !== undefined).toSorted((a, b) => a.ended - b.ended)[0];
}

function versionOf(product: string, tag: string): readonly string[] {
  if (product === 'debian' || product === 'ubuntu') {
    const word = tag.split('-', 1)[0]!;
    const known = product === 'debian' ? DEBIAN[word] : UBUNTU[word];
    if (known !== undefined) return [known];
  }
  const numbers = /^v?(\d{1,4})(?:\.(\d{1,4}))?/.exec(tag);
  if (!numbers) return [];
  return numbers[2] === undefined ? [numbers[1]!] : [`${numbers[1]}.${numbers[2]}`, numbers[1]!];
}

/** Operating systems that a tag names behind the version. */
function systemsOf(tag: string): readonly (readonly [string, readonly string[]])[] {
  return tag
    .split('-')
    .slice(1)
    .flatMap((part): (readonly [string, readonly string[]])[] => {
      if (DEBIAN[part] !== undefined) return [['debian', [DEBIAN[part]]]];
      if (UBUNTU[part] !== undefined) return [['ubuntu', [UBUNTU[part]]]];
      const alpine = /^alpine(\d\.\d{1,2})$/.exec(part);
      return alpine ? [['alpine', [alpine[1]!]]] : [];
    });
}

function tableEnd(product: string, versions: readonly string[]): EndOfLife | undefined {
  const table = Object.hasOwn(ENDS, product) ? ENDS[product]! : {};
  for (const version of versions) {
    const day = Object.hasOwn(table, version) ? table[version] : undefined;
    if (day !== undefined) return { product, version, ended: Date.parse(`${day}T23:59:59Z`) };
  }
  return undefined;
}
