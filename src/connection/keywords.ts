import type { Problem } from './options.ts';
import { matchesPatterns } from './pattern.ts';
import type { Setting } from './ssh-config.ts';

/** What ssh_config may say and we do. */
const HONOURED = words(`hostname hostkeyalias user port identityfile identitiesonly identityagent proxyjump proxycommand
  stricthostkeychecking userknownhostsfile globalknownhostsfile connecttimeout connectionattempts pubkeyauthentication
  passwordauthentication kbdinteractiveauthentication challengeresponseauthentication preferredauthentications
  bindaddress addressfamily ignoreunknown`);

/**
 * What changes neither where nor how we connect: comfort at a terminal, forwarding, OpenSSH's own connection sharing,
 * ways to authenticate that we lack (a refusal says what was tried), and preferences among algorithms for signing.
 */
const HARMLESS = words(`addkeystoagent applemultipath batchmode casignaturealgorithms channeltimeout checkhostip
  clearallforwardings compression compressionlevel controlmaster controlpath controlpersist dynamicforward
  enableescapecommandline enablesshkeysign escapechar exitonforwardfailure fingerprinthash forkafterauthentication
  forwardagent forwardx11 forwardx11timeout forwardx11trusted gatewayports gssapiauthentication
  gssapidelegatecredentials gssapikeyexchange gssapirenewalforcesrekey gssapitrustdns gssapiserveridentity
  gssapiclientidentity gssapikexalgorithms hashknownhosts hostbasedacceptedalgorithms hostbasedauthentication
  hostbasedkeytypes ipqos kbdinteractivedevices localcommand localforward loglevel logverbose numberofpasswordprompts
  obscurekeystroketiming permitlocalcommand permitremoteopen protocol pubkeyacceptedalgorithms pubkeyacceptedkeytypes
  refuseconnection rekeylimit remoteforward requesttty requiredrsasize sendenv serveralivecountmax serveraliveinterval
  stdinnull streamlocalbindmask streamlocalbindunlink syslogfacility tcpkeepalive tunnel tunneldevice updatehostkeys
  usekeychain verifyhostkeydns visualhostkey warnweakcrypto xauthlocation`);

/** What we cannot do, and must not pass over: each changes where we connect, how, or whom we trust. Some only with one value. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  bindinterface: /./,
  canonicaldomains: /^(?!none$)/i,
  canonicalizehostname: /^(?!no$)/i,
  canonicalizefallbacklocal: /^no$/i,
  canonicalizemaxdots: /^never$/,
  canonicalizepermittedcnames: /^(?!none$)/i,
  certificatefile: /./,
  ciphers: /./,
  hostkeyalgorithms: /./,
  kexalgorithms: /./,
  knownhostscommand: /^(?!none$)/i,
  macs: /./,
  nohostauthenticationforlocalhost: /^yes$/i,
  pkcs11provider: /^(?!none$)/i,
  proxyusefdpass: /^yes$/i,
  remotecommand: /^(?!none$)/i,
  revokedhostkeys: /^(?!none$)/i,
  securitykeyprovider: /^(?!internal$)/i,
  sessiontype: /^(?!default$)/i,
  setenv: /./,
  smartcarddevice: /./,
  tag: /./,
};

/** Settings that are not honoured though they bear on the connection, each by name and place. */
export function refusals(settings: readonly Setting[]): readonly Problem[] {
  const ignored = settings
    .filter(({ key }) => key === 'ignoreunknown')
    .flatMap((each) => each.words.join(',').split(','));
  return settings.flatMap((setting) => refusal(setting, ignored));
}

function refusal(setting: Setting, ignored: readonly string[]): readonly Problem[] {
  const { key, place } = setting;
  if (HONOURED.has(key) || HARMLESS.has(key) || matchesPatterns(ignored, key)) return [];
  const refused = REFUSED[key];
  if (refused !== undefined && !refused.test(setting.words.join(' '))) return [];
  const code = refused === undefined ? 'ssh-option-unknown' : 'ssh-option-unsupported';
  const why =
    refused === undefined
      ? `there is no SSH option ${key}; correct it, or name it in IgnoreUnknown`
      : `the SSH option ${key} = ${setting.words.join(' ')} changes how the connection is made and is not supported; take it out for these hosts`;
  return [{ code, message: why, ...(place === undefined ? {} : { place }) }];
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/));
}
