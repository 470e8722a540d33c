import { settingEntries } from './environment.ts';

export interface SettingDescription {
  name: string;
  description: string;
  /** In words; in Markdown. */
  default: string;
  secret: boolean;
  requiredInProduction: boolean;
}

/** Every setting, for the documentation and the command line. */
function describeConfig(): SettingDescription[] {
  return settingEntries.map(([name, setting]) => ({
    name,
    description: setting.description,
    default: setting.otherwise ?? `\`${setting.default}\``,
    secret: setting.secret === true,
    requiredInProduction: setting.production !== undefined,
  }));
}

/** The table of docs/configuration.md. */
export function configTable(): string {
  const rows = describeConfig().map((row) => {
    const name = row.secret ? `\`${row.name}\`<br>\`${row.name}_FILE\`` : `\`${row.name}\``;
    const required = row.requiredInProduction ? 'yes' : '';
    return `| ${name} | ${row.description} | ${row.default} | ${required} |`;
  });
  return [
    '| name | what it is | when not given | required in production |',
    '|---|---|---|---|',
    ...rows,
  ].join('\n');
}
