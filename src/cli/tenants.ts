import { type Command, Option } from 'commander';
import { operator } from '../authority/authority.ts';
import { AppError } from '../errors.ts';
import type { BrandSettings } from '../tenants/brand-settings.ts';
import type { FoundTenant } from '../tenants/find.ts';
import type { TenantSettings } from '../tenants/settings.ts';
import type { SignUpPolicy, Tenant } from '../tenants/tenant.entity.ts';
import { type Confirmation, confirm, irreversible } from './confirm.ts';
import { example } from './example.ts';
import { collectDomains, collectWords, wholeNumber } from './options.ts';
import { fields, type Report, table } from './report.ts';
import { type Cli, run } from './run.ts';

const lazy = {
  change: () => import('../tenants/change.ts'),
  find: () => import('../tenants/find.ts'),
  logo: () => import('./logo-file.ts'),
};

/** As commander reads them. */
type TenantOptions = Omit<BrandSettings, 'logo'> & {
  name?: string;
  domain?: string[];
  emailDomain?: string[];
  signUp?: SignUpPolicy;
  signUpDomain?: string[];
  signUpApproval?: 'on' | 'off';
  offered?: boolean;
  language?: string[];
  way?: string[];
  allWays?: boolean;
  emailRequired?: boolean;
  mfa?: 'optional' | 'required';
  mfaGrace?: number;
  /** A file. */
  logo?: string;
};

export function register(noun: Command): void {
  withSettings(
    noun
      .command('add')
      .description('Add a tenant: a community or organisation with accounts of its own')
      .requiredOption('--slug <slug>', 'its short name: small letters, digits and single hyphens')
      .requiredOption('--name <name>', 'its name for people'),
  )
    .addHelpText('after', example('tenants add --slug acme --name "Acme Chat" --domain acme.org'))
    .action(
      run<TenantOptions & { slug: string; name: string }>(async (cli, options) => {
        const { addTenant } = await lazy.change();
        const { slug, name } = options;
        const wanted = { ...(await settingsFrom(options)), slug, name };
        return shown(cli, await addTenant(cli.database, operator, wanted));
      }),
    );
  noun
    .command('list')
    .description('List all tenants')
    .addHelpText('after', example('tenants list'))
    .action(run(async ({ database }) => listed(await (await lazy.find()).allTenants(database))));
  noun
    .command('show')
    .argument('<tenant>', 'its slug, one of its domains, or its id')
    .description('Show everything about a tenant')
    .addHelpText('after', example('tenants show acme'))
    .action(run(async (cli, _, name) => shown(cli, name)));
  withSettings(
    noun
      .command('set')
      .argument('<tenant>', 'its slug, one of its domains, or its id')
      .description('Change a tenant; an option given with an empty value ("") takes something away')
      .option('--name <name>', 'its name for people'),
  )
    .addHelpText(
      'after',
      example('tenants set acme --accent "#1d6f42" --logo logo.svg', 'tenants set acme --logo ""'),
    )
    .action(
      run<TenantOptions>(async (cli, options, name) => {
        const { changeTenant } = await lazy.change();
        const { id } = await (await lazy.find()).requireTenant(cli.database, name);
        await changeTenant(cli.database, operator, id, await settingsFrom(options));
        return shown(cli, id);
      }),
    );
  registerStatus(noun);
}

const lostKeys =
  'Where this service acts on Synapse, their Matrix devices end: encryption keys that were on them only, and backed up nowhere, are lost';

function registerStatus(noun: Command): void {
  irreversible(
    noun
      .command('suspend')
      .argument('<tenant>', 'its slug, one of its domains, or its id')
      .description(
        `Let nobody sign in to a tenant until it is resumed; its sessions and tokens stop working. ${lostKeys}`,
      ),
  )
    .addHelpText('after', example('tenants suspend acme', 'tenants suspend acme --yes'))
    .action(
      run<Confirmation>(async (cli, options, name) => {
        const { name: called, slug } = await (await lazy.find()).requireTenant(cli.database, name);
        await confirm(cli, options, `Suspend ${called} (${slug}) with all its people. ${lostKeys}`);
        return setStatus(cli, name, 'suspended');
      }),
    );
  noun
    .command('resume')
    .argument('<tenant>', 'its slug, one of its domains, or its id')
    .description('End the suspension of a tenant; what was not signed out works again')
    .addHelpText('after', example('tenants resume acme'))
    .action(run(async (cli, _, name) => setStatus(cli, name, 'active')));
}

function withSettings(command: Command): Command {
  return command
    .option('--domain <domain>', 'its own domain, repeatable, first one primary', collectDomains)
    .option(
      '--email-domain <domain>',
      'sign-ups with such an address belong to it, repeatable',
      collectDomains,
    )
    .addOption(
      new Option('--sign-up <policy>', 'who may sign up').choices(['open', 'closed', 'domains']),
    )
    .option(
      '--sign-up-domain <domain>',
      'with --sign-up domains: email domains that may, repeatable',
      collectDomains,
    )
    .addOption(
      new Option(
        '--sign-up-approval <state>',
        'whether newcomers whom nobody invited wait to be let in: see sign-ups',
      ).choices(['on', 'off']),
    )
    .option('--offered', 'whoever signs up without naming a tenant may choose it')
    .option('--no-offered', 'it has to be named')
    .option('--language <tag>', 'languages of its pages, repeatable, first preferred', collectWords)
    .option(
      '--way <id>',
      'ways to sign in with others that it offers, repeatable, in order; "" for none',
      collectWords,
    )
    .option('--all-ways', 'it offers every way that is set up, also later ones')
    .option('--email-required', 'nobody has an account there without a proved address')
    .option('--no-email-required', 'an account can do without one')
    .addOption(
      new Option('--mfa <policy>', 'whether everybody there signs in by two steps').choices([
        'optional',
        'required',
      ]),
    )
    .addOption(
      new Option(
        '--mfa-grace <days>',
        'with --mfa required: for how long people may put off setting up the second (default: 0)',
      ).argParser(wholeNumber(0, 365)),
    )
    .option('--terms-url <url>', 'its terms of use')
    .option('--privacy-url <url>', 'its privacy notice')
    .option('--terms-version <version>', 'people accept terms and privacy notice, in this version')
    .option('--home-url <url>', 'its web site')
    .option('--brand-name <name>', 'its name on pages and in mail, if another one')
    .option('--accent <colour>', 'its colour, such as "#1d6f42"')
    .option('--logo <file>', 'its logo: a PNG, JPEG, WebP or SVG file of at most 140 KB');
}

async function setStatus(cli: Cli, name: string, status: Tenant['status']): Promise<Report> {
  const { id } = await (await lazy.find()).requireTenant(cli.database, name);
  await (await lazy.change()).setTenantStatus(cli.database, operator, id, status);
  return shown(cli, id);
}

async function settingsFrom(options: TenantOptions): Promise<TenantSettings> {
  const { name, signUp, offered, emailRequired, brandName, accent } = options;
  const { termsUrl, privacyUrl, termsVersion, homeUrl, signUpApproval, logo } = options;
  return {
    ...{ name, signUp, offered, emailRequired, brandName, accent },
    ...{ termsUrl, privacyUrl, termsVersion, homeUrl },
    logo: logo ? (await lazy.logo()).readLogo(logo) : logo,
    domains: options.domain,
    emailDomains: options.emailDomain,
    signUpDomains: options.signUpDomain,
    signUpApproval: signUpApproval && signUpApproval === 'on',
    mfa: mfaFrom(options),
    languages: options.language,
    ways: options.allWays ? null : options.way,
  };
}

/** @throws AppError `bad_input` where a grace is given for nothing */
function mfaFrom({ mfa, mfaGrace }: TenantOptions): TenantSettings['mfa'] {
  if (mfa === 'required') return { requiredInDays: mfaGrace ?? 0 };
  if (mfaGrace === undefined) return mfa;
  throw new AppError('bad_input', { message: '--mfa-grace goes with --mfa required.' });
}

function listed(tenants: FoundTenant[]): Report {
  const rows = tenants.map((tenant) => [
    tenant.slug,
    tenant.name,
    tenant.status,
    tenant.signUp,
    tenant.domains,
    tenant.isDefault ? 'default' : '',
  ]);
  const headings = ['slug', 'name', 'status', 'sign-up', 'domains', ''];
  return { data: tenants, text: table(headings, rows, 'No tenants.') };
}

async function shown({ database }: Cli, name: string): Promise<Report> {
  const tenant = await (await lazy.find()).requireTenant(database, name);
  const { branding, terms } = tenant;
  const text = fields({
    slug: tenant.slug,
    name: tenant.name,
    id: tenant.id,
    status: tenant.status,
    default: tenant.isDefault || null,
    domains: tenant.domains,
    'email domains': tenant.emailDomains,
    'sign-up': signUp(tenant),
    'sign-up approval': tenant.signUpApproval,
    offered: tenant.offered,
    languages: tenant.languages.length > 0 ? tenant.languages : 'all',
    ways: waysOf(tenant),
    'email required': tenant.emailRequired,
    'two steps required from': tenant.mfaRequiredFrom,
    'brand name': branding.name,
    accent: branding.accent,
    logo: branding.logoUrl && `${Math.ceil((branding.logoUrl.length * 3) / 4 / 1024)} KB`,
    'web site': branding.links?.home,
    terms: terms?.termsUrl ?? branding.links?.terms,
    privacy: terms?.privacyUrl ?? branding.links?.privacy,
    'terms version': terms?.version,
    created: tenant.createdAt,
    changed: tenant.updatedAt,
  });
  return { data: tenant, text };
}

function waysOf({ ways }: Tenant): string | readonly string[] {
  if (!ways) return 'all';
  return ways.length > 0 ? ways : 'email only';
}

function signUp({ signUp: policy, signUpDomains }: Tenant): string {
  return policy === 'domains' ? `addresses at ${signUpDomains.join(', ')}` : policy;
}
