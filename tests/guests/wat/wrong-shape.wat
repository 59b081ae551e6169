;; Exports `handle` of the right name and version, but not of the contract's shape.
(component
  (core module $code (func (export "handle")))
  (core instance $main (instantiate $code))
  (func $handle (canon lift (core func $main "handle")))
  (instance $bot (export "handle" (func $handle)))
  (export "turnwise:bot/bot@0.1.0" (instance $bot)))
