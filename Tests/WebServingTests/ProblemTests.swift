import HTTPTypes
import Testing
import WebServing

@Suite("Problems")
struct ProblemTests {
    @Test("an answer names a bounded number of faults")
    func faultsAreBounded() {
        let faults = (0..<100).map { Problem.Fault("wrong", at: "#/\($0)") }
        let problem = Problem(.badRequest, "invalid_request", "wrong", faults: faults)
        #expect(problem.faults.count == Problem.faultsMax)
    }
}
