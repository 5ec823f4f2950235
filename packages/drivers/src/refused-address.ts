import { BlockList, isIPv6 } from 'node:net'

/**
 * Addresses that no step may reach, whoever asks: link-local ones and the metadata services of clouds, which hand
 * credentials of the machine to anybody on it. No setting of the control plane changes this.
 */
const REFUSED = new BlockList()
REFUSED.addSubnet('169.254.0.0', 16, 'ipv4')
REFUSED.addSubnet('fe80::', 10, 'ipv6')
for (const address of ['100.100.100.200', '168.63.129.16', '192.0.0.192']) REFUSED.addAddress(address, 'ipv4')
for (const address of ['fd00:ec2::254', 'fd20:ce::254']) REFUSED.addAddress(address, 'ipv6')
// The same IPv4 addresses through the well-known NAT64 prefix.
REFUSED.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6')
for (const address of ['64:ff9b::6464:64c8', '64:ff9b::a83f:8110', '64:ff9b::c000:c0'])
  REFUSED.addAddress(address, 'ipv6')

/** True for an address (IPv4, IPv6, IPv4 in IPv6; a zone is ignored) that is always refused as a target. */
export function isRefusedAddress(address: string): boolean {
  const [plain = address] = address.split('%')
  return REFUSED.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4')
}
