#ifndef ORDER_H
#define ORDER_H

#include <stdbool.h>

/* Order numbers: recognised, verified, looked up. */

/* The first order number in a text, in the shop's spelling: `A-12345`, or 5 to 8 digits; NULL where there is none. */
const char *order_find_number(const char *text);

/* Whether this could be a postcode or an e-mail address, of any country. */
bool order_is_proof(const char *text);

/* Where the order is. Made up, but always the same for one order: this example has no shop behind it. */
const char *order_status(const char *order);

#endif
