export interface Product {
  readonly sku: string;
  readonly name: string;
  readonly text: string;
  readonly priceCents: number;
}

/** What the shop sells. Prices are read here by whoever counts money, never from a request. */
export const CATALOGUE: readonly Product[] = [
  { sku: 'lantern', name: 'Gatehouse lantern', text: 'Brass, four panes, burns a night on one filling.', priceCents: 6_400 },
  { sku: 'padlock', name: 'Padlock No. 9', text: 'Nine levers. The tenth is your patience.', priceCents: 3_850 },
  { sku: 'map', name: 'Map of the outer wall', text: 'Printed on linen, with every postern marked.', priceCents: 1_900 },
  { sku: 'whistle', name: 'Watchman’s whistle', text: 'Heard across the moat in a north wind.', priceCents: 1_250 },
  { sku: 'ledger', name: 'Gate ledger', text: 'Four hundred ruled pages: who, when, whither.', priceCents: 2_700 },
  { sku: 'rope', name: 'Rope, forty ells', text: 'Hemp. For honest purposes only.', priceCents: 2_150 },
];

export function productOf(sku: string): Product | undefined {
  return CATALOGUE.find((product) => product.sku === sku);
}
