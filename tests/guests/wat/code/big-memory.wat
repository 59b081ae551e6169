  ;; Wants 4 GiB before it is called.
  (core module $code
    (memory (export "memory") 65536)
    ;; Never frees: an instance lives for one turn.
    (global $next (mut i32) (i32.const 4096))
    (func (export "cabi_realloc") (param i32 i32) (param $align i32) (param $size i32) (result i32)
      (global.set $next (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
      (global.get $next)
      (global.set $next (i32.add (global.get $next) (local.get $size))))
    (func (export "handle") (param i32) (result i32) (unreachable)))
  (core instance $main (instantiate $code))
