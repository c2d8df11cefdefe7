extension ContractText {
    /// Markets, pools, sales, orders and trades.
    static let exchange = #"""
        paths:
          /markets:
            get:
              operationId: listMarkets
              tags: [exchange]
              summary: Pairs of denominations that were traded, the first traded first
              x-list: Market
          /markets/{market}:
            get:
              operationId: getMarket
              tags: [exchange]
              summary: A market with its order book
              x-answer: MarketDetail
              parameters: [{$ref: '#/components/parameters/market'}]
          /markets/{market}/trades:
            get:
              operationId: listTrades
              tags: [exchange]
              summary: The trades of a market, the latest first
              x-list: Trade
              parameters: [{$ref: '#/components/parameters/market'}]
          /markets/{market}/candles:
            get:
              operationId: listCandles
              tags: [exchange]
              summary: Open, high, low and close of spans that had trades, the first first
              x-list: Candle
              parameters:
                - {$ref: '#/components/parameters/market'}
                - name: seconds
                  in: query
                  schema: {type: integer, enum: [60, 3600, 86400], default: 3600}
                - name: from
                  in: query
                  description: The first start, in seconds since 1970.
                  schema: {type: integer, minimum: 0, maximum: 9007199254740991, default: 0}
                - name: to
                  in: query
                  description: The last start, in seconds since 1970.
                  schema: {type: integer, minimum: 0, maximum: 9007199254740991}
          /pools:
            get:
              operationId: listPools
              tags: [exchange]
              summary: Pools
              x-list: Pool
              parameters: [{$ref: '#/components/parameters/denominationFilter'}]
          /pools/{pool}:
            get:
              operationId: getPool
              tags: [exchange]
              summary: A pool with its reserves
              x-answer: Pool
              parameters:
                - name: pool
                  in: path
                  required: true
                  schema: {$ref: '#/components/schemas/Digest'}
          /sales:
            get:
              operationId: listSales
              tags: [exchange]
              summary: Sales at a fixed rate that have not ended
              x-list: Sale
              parameters:
                - name: seller
                  in: query
                  schema: {$ref: '#/components/schemas/Address'}
                - {$ref: '#/components/parameters/denominationFilter'}
          /sales/{sale}:
            get:
              operationId: getSale
              tags: [exchange]
              summary: A sale
              x-answer: Sale
              parameters:
                - name: sale
                  in: path
                  required: true
                  schema: {$ref: '#/components/schemas/Digest'}
          /orders:
            get:
              operationId: listOrders
              tags: [exchange]
              summary: Open orders
              x-list: Order
              parameters:
                - name: owner
                  in: query
                  schema: {$ref: '#/components/schemas/Address'}
                - name: market
                  in: query
                  schema: {$ref: '#/components/schemas/Digest'}
                - name: side
                  in: query
                  schema: {type: string, enum: [buy, sell]}
          /orders/{order}:
            get:
              operationId: getOrder
              tags: [exchange]
              summary: An open order
              x-answer: Order
              parameters:
                - name: order
                  in: path
                  required: true
                  schema: {$ref: '#/components/schemas/Digest'}
        components:
          parameters:
            market:
              name: market
              in: path
              required: true
              schema: {$ref: '#/components/schemas/Digest'}
            denominationFilter:
              name: denomination
              in: query
              description: One of the two that are exchanged.
              schema: {$ref: '#/components/schemas/Denomination'}
          schemas:
            Market:
              type: object
              required: [object, id]
              properties:
                object: {const: market}
                id: {$ref: '#/components/schemas/Digest'}
                base: {$ref: '#/components/schemas/Denomination'}
                quote: {$ref: '#/components/schemas/Denomination'}
                tradeCount: {$ref: '#/components/schemas/Count'}
            MarketDetail:
              type: object
              required: [object, id]
              properties:
                object: {const: market}
                id: {$ref: '#/components/schemas/Digest'}
                base: {$ref: '#/components/schemas/Denomination'}
                quote: {$ref: '#/components/schemas/Denomination'}
                lastPrice: {$ref: '#/components/schemas/Price18'}
                lastHeight: {$ref: '#/components/schemas/Height'}
                bids:
                  type: array
                  description: Orders to buy, the best first.
                  items: {$ref: '#/components/schemas/BookEntry'}
                asks:
                  type: array
                  description: Orders to sell, the best first.
                  items: {$ref: '#/components/schemas/BookEntry'}
            Price18:
              type: string
              description: What 10^18 of the base's smallest units cost in the quote's.
              pattern: '^(0|[1-9][0-9]{0,38})$'
            BookEntry:
              type: object
              properties:
                order: {$ref: '#/components/schemas/Digest'}
                price: {$ref: '#/components/schemas/Price18'}
                placedAt: {$ref: '#/components/schemas/Height'}
            Trade:
              type: object
              required: [object]
              properties:
                object: {const: trade}
                cursor: {type: string}
                height: {$ref: '#/components/schemas/Height'}
                index: {$ref: '#/components/schemas/Count'}
                time: {$ref: '#/components/schemas/Time'}
                market: {$ref: '#/components/schemas/Digest'}
                venue: {type: string, enum: [pool, sale, batch]}
                place: {$ref: '#/components/schemas/Digest'}
                base: {$ref: '#/components/schemas/Money'}
                quote: {$ref: '#/components/schemas/Money'}
                price: {type: [string, 'null']}
                taker: {$ref: '#/components/schemas/Address'}
                side: {type: string, enum: [buy, sell]}
            Candle:
              type: object
              required: [object]
              properties:
                object: {const: candle}
                start: {$ref: '#/components/schemas/Count'}
                time: {$ref: '#/components/schemas/Time'}
                open: {$ref: '#/components/schemas/Price18'}
                high: {$ref: '#/components/schemas/Price18'}
                low: {$ref: '#/components/schemas/Price18'}
                close: {$ref: '#/components/schemas/Price18'}
                baseVolume: {$ref: '#/components/schemas/Amount'}
                quoteVolume: {$ref: '#/components/schemas/Amount'}
                trades: {$ref: '#/components/schemas/Count'}
            Pool:
              type: object
              required: [object, id]
              properties:
                object: {const: pool}
                id: {$ref: '#/components/schemas/Digest'}
                market: {$ref: '#/components/schemas/Digest'}
                base: {$ref: '#/components/schemas/Money'}
                quote: {$ref: '#/components/schemas/Money'}
                feeBasisPoints: {type: integer, minimum: 0, maximum: 10000}
                shares: {$ref: '#/components/schemas/Amount'}
                createdAt: {$ref: '#/components/schemas/Height'}
            Sale:
              type: object
              required: [object, id]
              properties:
                object: {const: sale}
                id: {$ref: '#/components/schemas/Digest'}
                seller: {$ref: '#/components/schemas/Address'}
                given: {$ref: '#/components/schemas/Money'}
                rateGiven: {$ref: '#/components/schemas/Money'}
                rateWanted: {$ref: '#/components/schemas/Money'}
                until: {$ref: '#/components/schemas/Height'}
            Order:
              type: object
              required: [object, id]
              properties:
                object: {const: order}
                id: {$ref: '#/components/schemas/Digest'}
                owner: {$ref: '#/components/schemas/Address'}
                market: {$ref: '#/components/schemas/Digest'}
                base: {$ref: '#/components/schemas/Denomination'}
                quote: {$ref: '#/components/schemas/Denomination'}
                side: {type: string, enum: [buy, sell]}
                amount: {$ref: '#/components/schemas/Amount'}
                filled: {$ref: '#/components/schemas/Amount'}
                price: {$ref: '#/components/schemas/Price18'}
                placedAt: {$ref: '#/components/schemas/Height'}
                expiresAt: {$ref: '#/components/schemas/Height'}
        """#
}
