// The tools outside npm: which are missing, and how to get them.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { must, say, StepError } from './steps.mjs';

const OLDEST_NODE = [20, 19];
const OLDEST_CMAKE = [3, 20];
const BROWSERS = [process.env.CHROMIUM, 'chromium', 'chromium-browser', 'google-chrome'];

const works = (command, ...args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;
const output = (command, ...args) => spawnSync(command, args, { encoding: 'utf8' }).stdout ?? '';

const atLeast = (version, oldest) => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
};

/** The compiler that CMake would take. */
export function compiler() {
  return [process.env.CXX, 'c++', 'g++', 'clang++'].find((name) => name && works(name, '--version'));
}

/** One run of the preprocessor answers for the language and for the headers of both libraries. */
function probe() {
  const name = compiler();
  if (name === undefined) return '';
  const input = `
#if defined(__cpp_concepts) && __has_include(<span>) && __has_include(<bit>)
found-cxx20
#endif
#if __has_include(<hwy/highway.h>)
found-highway
#endif
#if __has_include(<gtest/gtest.h>)
found-googletest
#endif
`;
  return spawnSync(name, ['-std=c++20', '-E', '-P', '-x', 'c++', '-'], { input, encoding: 'utf8' }).stdout ?? '';
}

/**
 * `need`: 'required' stops the script; 'wanted' only warns, saying what is lost. `for`: 'tests' is left alone by `npm start`.
 */
const TOOLS = [
  {
    name: 'C++20 compiler',
    need: 'required',
    found: ({ headers }) => headers.includes('found-cxx20'),
    apt: ['g++'],
    dnf: ['gcc-c++'],
    brew: ['llvm'],
  },
  {
    name: `CMake >= ${OLDEST_CMAKE.join('.')}`,
    need: 'required',
    found: () => atLeast(/version ([\d.]+)/.exec(output('cmake', '--version'))?.[1] ?? '0', OLDEST_CMAKE),
    apt: ['cmake'],
    dnf: ['cmake'],
    brew: ['cmake'],
  },
  {
    name: 'ninja or make',
    need: 'required',
    found: () => works('ninja', '--version') || works('make', '--version'),
    apt: ['ninja-build'],
    dnf: ['ninja-build'],
    brew: ['ninja'],
  },
  {
    name: 'Highway headers',
    need: 'wanted',
    without: 'CMake will fetch them from GitHub',
    found: ({ headers }) => headers.includes('found-highway'),
    apt: ['libhwy-dev'],
    dnf: ['highway-devel'],
    brew: ['highway'],
  },
  {
    name: 'Python 3 with pip',
    need: 'wanted',
    without: 'TensorFlow can then only come from QUERENT_LIBTENSORFLOW or from its own host',
    found: () => works('python3', '-m', 'pip', '--version'),
    apt: ['python3-pip', 'python3-venv'],
    dnf: ['python3-pip'],
    brew: ['python'],
  },
  {
    name: 'GoogleTest',
    for: 'tests',
    need: 'wanted',
    without: 'the C++ tests cannot be built',
    found: ({ headers }) => headers.includes('found-googletest'),
    apt: ['libgtest-dev'],
    dnf: ['gtest-devel'],
    brew: ['googletest'],
  },
  {
    name: 'clang-format',
    for: 'tests',
    need: 'wanted',
    without: 'the format of the C++ sources is not checked',
    found: () => works('clang-format', '--version'),
    apt: ['clang-format'],
    dnf: ['clang-tools-extra'],
    brew: ['clang-format'],
  },
  {
    name: 'Chromium',
    for: 'tests',
    need: 'wanted',
    without: 'reports are not tested in a browser (CHROMIUM may name one)',
    found: () => BROWSERS.some((name) => name && works(name, '--version')),
    apt: ['chromium'],
    dnf: ['chromium'],
    brew: ['chromium'],
  },
];

function isDebian() {
  if (!existsSync('/etc/os-release')) return false;
  return (
    /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync('/etc/os-release', 'utf8')) && works('apt-get', '--version')
  );
}

const packages = (tools, manager) => tools.flatMap((tool) => tool[manager]).join(' ');

function commands(tools) {
  return [
    `  Debian, Ubuntu:  sudo apt-get update && sudo apt-get install -y ${packages(tools, 'apt')}`,
    `  Fedora:          sudo dnf install -y ${packages(tools, 'dnf')}`,
    `  macOS:           brew install ${packages(tools, 'brew')}`,
  ].join('\n');
}

function missingTools(forTests) {
  const facts = { headers: probe() };
  return TOOLS.filter((tool) => (forTests || tool.for !== 'tests') && !tool.found(facts));
}

/** Check Node and the tools; install what is missing where that is possible without asking, else say how. */
export async function ensureTools({ tests }) {
  if (!atLeast(process.versions.node, OLDEST_NODE)) {
    throw new StepError(
      `Node ${OLDEST_NODE.join('.')} or newer is needed, this is ${process.version}: https://nodejs.org`,
    );
  }
  let missing = missingTools(tests);
  if (missing.length > 0 && process.getuid?.() === 0 && isDebian()) {
    await installWithApt(missing);
    missing = missingTools(tests);
  }
  const names = (tools) => tools.map(({ name }) => name).join(', ');
  const required = missing.filter(({ need }) => need === 'required');
  if (required.length > 0) {
    throw new StepError(`missing: ${names(missing)}. Install with one of\n${commands(missing)}`);
  }
  for (const tool of missing) say(`${tool.name} is missing: ${tool.without}. Install with one of\n${commands([tool])}`);
  say(missing.length === 0 ? 'tools: all there' : `tools: going on without ${names(missing)}`);
}

/** Everything at once, or, where a package is unknown to this system, each tool for itself. */
async function installWithApt(missing) {
  say(`missing: ${missing.map(({ name }) => name).join(', ')}`);
  say('running as root on Debian or Ubuntu: apt-get update');
  const isUpdated = await apt('apt-get update', ['update']);
  if (!isUpdated) return;
  const install = (tools) => {
    const wanted = tools.flatMap((tool) => tool.apt);
    say(`apt-get install -y --no-install-recommends ${wanted.join(' ')}`);
    return apt('apt-get install', ['install', '-y', '--no-install-recommends', ...wanted]);
  };
  if (await install(missing)) return;
  if (missing.length > 1) for (const tool of missing) await install([tool]);
}

/** Whether it worked; if not, what is still missing afterwards decides whether this is the end. */
async function apt(name, args) {
  const lock = ['-o', 'DPkg::Lock::Timeout=300'];
  try {
    await must(name, 'apt-get', [...lock, ...args], { env: { DEBIAN_FRONTEND: 'noninteractive' } });
    return true;
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    say(error.message);
    return false;
  }
}
