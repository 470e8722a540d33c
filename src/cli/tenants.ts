import { type Command, Option } from 'commander';
import type { AddOptions, TenantOptions } from '../tenants/change.ts';
import type { FoundTenant } from '../tenants/find.ts';
import type { Tenant } from '../tenants/tenant.entity.ts';
import { type Confirmation, confirm, irreversible } from './confirm.ts';
import { example } from './example.ts';
import { collectDomains, collectWords } from './options.ts';
import { fields, type Report, table } from './report.ts';
import { run } from './run.ts';

const changes = () => import('../tenants/change.ts');
const find = () => import('../tenants/find.ts');

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
      run<AddOptions>(async (cli, options) => shown(await (await changes()).add(cli, options))),
    );
  noun
    .command('list')
    .description('List all tenants')
    .addHelpText('after', example('tenants list'))
    .action(run(async ({ database }) => listed(await (await find()).allTenants(database))));
  noun
    .command('show')
    .argument('<tenant>', 'its slug, one of its domains, or its id')
    .description('Show everything about a tenant')
    .addHelpText('after', example('tenants show acme'))
    .action(
      run(async ({ database }, _, name) =>
        shown(await (await find()).requireTenant(database, name)),
      ),
    );
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
      run<TenantOptions>(async (cli, options, name) =>
        shown(await (await changes()).change(cli, name, options)),
      ),
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
        const { name: called, slug } = await (await find()).requireTenant(cli.database, name);
        await confirm(cli, options, `Suspend ${called} (${slug}) with all its people. ${lostKeys}`);
        return shown(await (await changes()).setStatus(cli, name, 'suspended'));
      }),
    );
  noun
    .command('resume')
    .argument('<tenant>', 'its slug, one of its domains, or its id')
    .description('End the suspension of a tenant; what was not signed out works again')
    .addHelpText('after', example('tenants resume acme'))
    .action(
      run(async (cli, _, name) => shown(await (await changes()).setStatus(cli, name, 'active'))),
    );
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
    .option('--terms-url <url>', 'its terms of use')
    .option('--privacy-url <url>', 'its privacy notice')
    .option('--terms-version <version>', 'people accept terms and privacy notice, in this version')
    .option('--home-url <url>', 'its web site')
    .option('--brand-name <name>', 'its name on pages and in mail, if another one')
    .option('--accent <colour>', 'its colour, such as "#1d6f42"')
    .option('--logo <file>', 'its logo: a PNG, JPEG, WebP or SVG file of at most 140 KB');
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

function shown(tenant: FoundTenant): Report {
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
