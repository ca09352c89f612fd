import type { Order } from '../journal/event.ts';

type Obey = (order: Order) => Promise<boolean>;

/** Where orders reach a run that is under way. They are judged before (`judge-order.ts`): what arrives here is done. */
export class Orders {
  #obey: Obey | undefined;

  /** From here on the run takes orders, until the returned function is called. */
  attach(obey: Obey): () => void {
    this.#obey = obey;
    return () => {
      this.#obey = undefined;
    };
  }

  /** Resolves when the order is on disk; `lost`: the disk failed; `nobody`: the run has not begun, or is just ending. */
  async give(order: Order): Promise<'taken' | 'lost' | 'nobody'> {
    if (this.#obey === undefined) return 'nobody';
    return (await this.#obey(order)) ? 'taken' : 'lost';
  }
}
