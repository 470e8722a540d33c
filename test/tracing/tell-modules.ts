/** Preloaded into a process, it prints each module of OpenTelemetry that is asked for. */
import { registerHooks } from 'node:module';

registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith('@opentelemetry/')) console.log(`asked for ${specifier}`);
    return next(specifier, context);
  },
});
