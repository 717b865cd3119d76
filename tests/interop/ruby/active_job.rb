# Answers questions about Active Job, one JSON line for each on stdin.
#
#   {"read": <job hash>}   performs it; answers with what perform was given, in the notation of
#                          tests/golden/README.md, and with the same arguments written again
#   {"write": true}        enqueues the samples below; answers with what perform would be given,
#                          and with the job hash that a backend gets
require "active_job"
require "active_support/all"
require "json"
require "logger"

GlobalID.app = "samovar"
ActiveJob::Base.logger = Logger.new(nil)
ActiveSupport.to_time_preserves_timezone = true

class Person
  include GlobalID::Identification
  attr_reader :id

  def self.find(id)
    raise KeyError, "nobody is #{id}" if id == "404"

    new(id)
  end

  def initialize(id)
    @id = id
  end
end

module Shop
  class Order < Person; end
  class Cart; end
end

Money = Struct.new(:amount, :currency)

class MoneySerializer < ActiveJob::Serializers::ObjectSerializer
  def serialize(money)
    super("amount" => money.amount, "currency" => money.currency)
  end

  def deserialize(fields)
    Money.new(fields["amount"], fields["currency"])
  end

  private

  def klass
    Money
  end
end
ActiveJob::Serializers.add_serializers(MoneySerializer)

class EchoJob < ActiveJob::Base
  cattr_accessor :given

  def perform(*args, **keywords)
    self.class.given = [args, keywords]
  end
end

def pairs(hash)
  hash.map { |key, item| [meaning(key), meaning(item)] }
end

def moment(name, value, offset)
  nanoseconds = (value.to_r * 1_000_000_000).floor
  { t: name, epoch_ns: nanoseconds.to_s, utc_offset: offset }
end

# The order matters: a duration says that it is an integer, a zoned time that it is a time.
def meaning(value)
  case value
  when nil then { t: "null" }
  when true, false then { t: "bool", v: value }
  when ActiveSupport::Duration
    { t: "duration", value: meaning(value.value), parts: value.parts.map { |unit, n| [unit, meaning(n)] } }
  when Integer then { t: "int", v: value.to_s }
  when Float then { t: "float", v: value.to_s }
  when String then { t: "str", v: value }
  when Symbol then { t: "symbol", v: value.to_s }
  when ActiveSupport::TimeWithZone
    moment("zoned_time", value, value.utc_offset).merge(zone: value.time_zone.tzinfo.name)
  when Time then moment("time", value, value.utc_offset)
  when DateTime then moment("datetime", value.to_time, (value.offset * 86_400).to_i)
  when Date then { t: "date", v: value.iso8601 }
  when Array then { t: "array", v: value.map { |item| meaning(item) } }
  when ActiveSupport::HashWithIndifferentAccess then { t: "indifferent_hash", v: pairs(value) }
  when Hash then { t: "hash", v: pairs(value) }
  when Person
    { t: "record", class: value.class.name, id: value.id.to_s, gid: value.to_global_id.to_s }
  when Money
    { t: "custom", class: "Money", fields: { amount: meaning(value.amount), currency: meaning(value.currency) } }
  when Module then { t: "module", v: value.name }
  else { t: "other", v: value.inspect }
  end
end

def meanings(args, keywords)
  { args: args.map { |value| meaning(value) }, kwargs: keywords.transform_values { |value| meaning(value) } }
end

def read(data)
  job = EchoJob.deserialize(data)
  job.perform_now
  meanings(*EchoJob.given).merge(again: job.serialize["arguments"])
end

def sample(name, *args, **keywords)
  job = EchoJob.new(*args, **keywords)
  meanings(args, keywords).merge(name: name, payload: job.serialize)
end

def samples
  paris = ActiveSupport::TimeZone["Paris"]
  [
    sample("plain", nil, true, false, 2**70, -1, 1.0, 1e20, "", "é\u2028🚀"),
    sample("symbols", :a, :"", :"with space"),
    sample("hashes", { a: 1, "b" => { c: [{ d: 2 }] } }, {}, { "x" => :y }),
    sample("indifferent", { a: { b: [{ c: 1 }] } }.with_indifferent_access),
    sample("keywords", 1, { a: 2 }, b: 3, c: { d: 4 }),
    sample("dates", Date.new(2001, 2, 3), DateTime.new(2001, 2, 3, 4, 5, 6.123456789r, "+02:00"), DateTime.new(2001)),
    sample("times", Time.utc(2001, 2, 3, 4, 5, 6.123456789r), Time.new(2001, 2, 3, 4, 5, 6, "-09:30"),
           Time.new(2001, 2, 3, 4, 5, 6, "+00:00"), Time.at(Rational(1, 3)).utc),
    sample("durations", 0.seconds, 1.day, 2.months + 3.days - 4.hours, 1.5.hours, -1.year, 1.day + 30.seconds),
    sample("modules", Shop::Cart, Shop::Order, Kernel),
    sample("records", Person.new(7), [Shop::Order.new("ab/c d~é")], who: Person.new(9)),
    sample("custom", Money.new(5, "EUR"), { "price" => Money.new("9.99", nil) }),
    sample("zoned", paris.local(2026, 7, 4, 9, 30), paris.at(1_761_440_400), Time.utc(2026).in_time_zone("UTC"))
  ]
end

def answer(question)
  question.key?("write") ? samples : read(question["read"])
rescue StandardError => error
  { error: { class: error.class.name, message: error.message } }
end

$stdin.each_line do |line|
  puts JSON.generate(answer(JSON.parse(line)))
  $stdout.flush
end
