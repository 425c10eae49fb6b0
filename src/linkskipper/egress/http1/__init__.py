"""HTTP/1.1 as servers speak it: heads, bodies, connections, and the pool that keeps them."""
