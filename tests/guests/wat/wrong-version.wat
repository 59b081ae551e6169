;; Built for a version of the contract that does not exist yet.
(component
  (core module $code (func (export "handle")))
  (core instance $main (instantiate $code))
  (func $handle (canon lift (core func $main "handle")))
  (instance $bot (export "handle" (func $handle)))
  (export "turnwise:bot/bot@0.2.0" (instance $bot)))
