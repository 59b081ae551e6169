// Package types is what generated bindings make options, results and tuples of.
package types

// The tags of an Option and of a Result, as the canonical ABI numbers them.
const (
	OptionNone = 0
	OptionSome = 1
	ResultOk   = 0
	ResultErr  = 1
)

// Option is a value or none.
type Option[T any] struct {
	some  bool
	value T
}

// None is no value.
func None[T any]() Option[T] { return Option[T]{} }

// Some is a value.
func Some[T any](value T) Option[T] { return Option[T]{some: true, value: value} }

// Tag is OptionNone or OptionSome.
func (o Option[T]) Tag() uint8 {
	if o.some {
		return OptionSome
	}
	return OptionNone
}

// Some is the value, or the zero value where there is none.
func (o Option[T]) Some() T { return o.value }

// Result is a value or why there is none.
type Result[T, E any] struct {
	failed bool
	value  T
	err    E
}

// Ok is a value.
func Ok[T, E any](value T) Result[T, E] { return Result[T, E]{value: value} }

// Err is why there is none.
func Err[T, E any](err E) Result[T, E] { return Result[T, E]{failed: true, err: err} }

// Tag is ResultOk or ResultErr.
func (r Result[T, E]) Tag() uint8 {
	if r.failed {
		return ResultErr
	}
	return ResultOk
}

// Ok is the value.
func (r Result[T, E]) Ok() T { return r.value }

// Err is why there is none.
func (r Result[T, E]) Err() E { return r.err }

// Tuple2 is a pair.
type Tuple2[A, B any] struct {
	F0 A
	F1 B
}
