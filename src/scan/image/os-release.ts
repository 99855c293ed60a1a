// Which distribution an image is of (os-release(5)), and what OSV calls it.

export interface Distribution {
  /** `debian`, `alpine`, `rhel`. */
  readonly id: string;
  /** `12`, `3.18.4`; '' for rolling releases. */
  readonly version: string;
  readonly name: string;
  /** OSV's ecosystem with the release; '' when OSV has none for it. */
  readonly ecosystem: string;
}

/** Reads `/etc/os-release` or `/usr/lib/os-release`. */
export function readOsRelease(text: string): Distribution {
  const values = new Map<string, string>();
  for (const line of text.slice(0, 100_000).split('\n')) {
    const match = /^([A-Z_]+)=(?:"([^"]*)"|'([^']*)'|(\S*))/.exec(line.trim());
    if (match) values.set(match[1]!, match[2] ?? match[3] ?? match[4] ?? '');
  }
  const id = (values.get('ID') ?? '').toLowerCase();
  const version = values.get('VERSION_ID') ?? '';
  return {
    id,
    version,
    name: values.get('PRETTY_NAME') ?? values.get('NAME') ?? id,
    ecosystem: ecosystemOf(id, version, values.get('VERSION') ?? ''),
  };
}

function ecosystemOf(id: string, version: string, long: string): string {
  const [major = '', minor = ''] = version.split('.');
  const release = (name: string, text: string): string => (text === '' ? name : `${name}:${text}`);
  switch (id) {
    case 'debian':
      return release('Debian', major);
    case 'ubuntu':
      return release('Ubuntu', version === '' ? '' : `${version}${minor === '04' && Number(major) % 2 === 0 ? ':LTS' : ''}`);
    case 'alpine':
      return major === '' ? 'Alpine' : `Alpine:v${major}.${minor}`;
    case 'wolfi':
      return 'Wolfi';
    case 'chainguard':
      return 'Chainguard';
    case 'alpaquita':
      return release('Alpaquita', version);
    case 'minimos':
      return 'MinimOS';
    case 'echo':
      return 'Echo';
    case 'rhel':
    case 'redhat':
      return `Red Hat:enterprise_linux:${major}`;
    case 'rocky':
      return release('Rocky Linux', major);
    case 'almalinux':
      return release('AlmaLinux', major);
    case 'opensuse-leap':
      return `openSUSE:Leap ${version}`;
    case 'opensuse-tumbleweed':
      return 'openSUSE:Tumbleweed';
    case 'sles':
    case 'sled':
    case 'sles_sap':
      return `SUSE:Linux Enterprise Server ${major}${minor === '' || minor === '0' ? '' : ` SP${minor}`}`;
    case 'mageia':
      return release('Mageia', version);
    case 'openeuler':
      return release('openEuler', /LTS/.test(long) ? `${version}-${/LTS(?:-SP\d)?/.exec(long)![0]}` : version);
    case 'photon':
      return release('Photon OS', version);
    case 'azurelinux':
    case 'mariner':
      return release('Azure Linux', major);
    default:
      return '';
  }
}
